-- What an adapting spec asks for: which behaviour moves, how, and to which value.
ALTER TABLE "analysis_action" ADD COLUMN "adjustment" TEXT;
ALTER TABLE "analysis_action" ADD COLUMN "target_value" REAL;

-- CreateIndex
CREATE INDEX "analysis_action_parameter_id_idx" ON "analysis_action"("parameter_id");
