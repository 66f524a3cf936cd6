-- AlterTable
ALTER TABLE "analysis_spec" ADD COLUMN "spec_role" TEXT NOT NULL DEFAULT 'EXTRACT';
ALTER TABLE "analysis_spec" ADD COLUMN "output_type" TEXT NOT NULL DEFAULT 'MEASURE';
ALTER TABLE "analysis_spec" ADD COLUMN "config" JSONB;

-- CreateIndex
CREATE INDEX "analysis_spec_spec_role_output_type_idx" ON "analysis_spec"("spec_role", "output_type");
