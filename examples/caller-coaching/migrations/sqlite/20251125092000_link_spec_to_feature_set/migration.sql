-- AlterTable
ALTER TABLE "analysis_spec" ADD COLUMN "source_id" TEXT;
ALTER TABLE "analysis_spec" ADD COLUMN "feature_set_id" TEXT
    CONSTRAINT "analysis_spec_feature_set_id_fkey" REFERENCES "bdd_feature_set"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- "INIT-001" is how people, variables and other specs name a spec; the slug is how prompts do.
CREATE UNIQUE INDEX "analysis_spec_source_id_key" ON "analysis_spec"("source_id");
CREATE INDEX "analysis_spec_feature_set_id_idx" ON "analysis_spec"("feature_set_id");
