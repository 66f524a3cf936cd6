-- PARAMETER slugs follow a score, STATIC ones are the same for every caller (welcomes, phase instructions).
ALTER TABLE "prompt_slug" ADD COLUMN "source_type" TEXT NOT NULL DEFAULT 'PARAMETER';
ALTER TABLE "prompt_slug" ADD COLUMN "is_active" BOOLEAN NOT NULL DEFAULT true;

-- CreateIndex
CREATE INDEX "prompt_slug_parameter_id_idx" ON "prompt_slug"("parameter_id");
CREATE INDEX "prompt_slug_spec_id_idx" ON "prompt_slug"("spec_id");
