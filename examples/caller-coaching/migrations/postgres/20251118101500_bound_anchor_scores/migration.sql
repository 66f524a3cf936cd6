-- Scores outside 0..1 were stored twice by hand before this existed; the pipeline averages them.
ALTER TABLE "scoring_anchor"
    ADD CONSTRAINT "scoring_anchor_score_check" CHECK ("score" >= 0 AND "score" <= 1);

-- AlterTable
ALTER TABLE "prompt_slug_range"
    ADD CONSTRAINT "prompt_slug_range_bounds_check" CHECK ("min_value" <= "max_value");
