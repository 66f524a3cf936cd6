-- Scores outside 0..1 were stored twice by hand before this existed; the pipeline averages them.
-- SQLite cannot add a check to a table, so both tables are rebuilt. Nothing refers to either of them.
CREATE TABLE "new_scoring_anchor" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "parameter_id" TEXT NOT NULL,
    "spec_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "score" REAL NOT NULL DEFAULT 0.5,
    "example" TEXT NOT NULL,
    "rationale" TEXT,
    "is_gold" BOOLEAN NOT NULL DEFAULT true,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "scoring_anchor_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "scoring_anchor_parameter_id_fkey" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "scoring_anchor_spec_id_fkey" FOREIGN KEY ("spec_id") REFERENCES "analysis_spec"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "scoring_anchor_score_check" CHECK ("score" >= 0 AND "score" <= 1)
);
INSERT INTO "new_scoring_anchor"
    ("id", "parameter_id", "spec_id", "position", "score", "example", "rationale", "is_gold", "created_at", "updated_at")
SELECT "id", "parameter_id", "spec_id", "position", "score", "example", "rationale", "is_gold", "created_at", "updated_at"
FROM "scoring_anchor";
DROP TABLE "scoring_anchor";
ALTER TABLE "new_scoring_anchor" RENAME TO "scoring_anchor";
CREATE UNIQUE INDEX "scoring_anchor_parameter_id_spec_id_position_key" ON "scoring_anchor"("parameter_id", "spec_id", "position");

-- RedefineTable
CREATE TABLE "new_prompt_slug_range" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "prompt_slug_id" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "min_value" REAL NOT NULL,
    "max_value" REAL NOT NULL,
    "prompt" TEXT NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "prompt_slug_range_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "prompt_slug_range_prompt_slug_id_fkey" FOREIGN KEY ("prompt_slug_id") REFERENCES "prompt_slug"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "prompt_slug_range_bounds_check" CHECK ("min_value" <= "max_value")
);
INSERT INTO "new_prompt_slug_range"
    ("id", "prompt_slug_id", "label", "min_value", "max_value", "prompt", "position", "created_at", "updated_at")
SELECT "id", "prompt_slug_id", "label", "min_value", "max_value", "prompt", "position", "created_at", "updated_at"
FROM "prompt_slug_range";
DROP TABLE "prompt_slug_range";
ALTER TABLE "new_prompt_slug_range" RENAME TO "prompt_slug_range";
CREATE UNIQUE INDEX "prompt_slug_range_prompt_slug_id_label_key" ON "prompt_slug_range"("prompt_slug_id", "label");
