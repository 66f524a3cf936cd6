-- AlterTable
ALTER TABLE "call" ADD COLUMN "analysis_state" TEXT NOT NULL DEFAULT 'pending';
ALTER TABLE "call" ADD COLUMN "analysed_at" DATETIME;

-- Only unfinished calls are ever searched by state.
CREATE INDEX "call_unfinished_idx" ON "call"("created_at") WHERE "analysis_state" <> 'done';
