-- AlterTable
ALTER TABLE "parameter" ADD COLUMN "interpretation_high" TEXT;
ALTER TABLE "parameter" ADD COLUMN "interpretation_low" TEXT;
ALTER TABLE "parameter" ADD COLUMN "is_adjustable" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "parameter" ADD COLUMN "config" JSON;

-- AlterTable
ALTER TABLE "scoring_anchor" ADD COLUMN "is_gold" BOOLEAN NOT NULL DEFAULT true;
