-- CreateTable
CREATE TABLE "parameter" (
    "id" TEXT NOT NULL DEFAULT gen_random_uuid()::text,
    "parameter_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "definition" TEXT,
    "section" TEXT NOT NULL DEFAULT 'general',
    "parameter_type" TEXT NOT NULL DEFAULT 'STATE',
    "spec_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "parameter_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "parameter_spec_id_fkey" FOREIGN KEY ("spec_id") REFERENCES "analysis_spec"("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "parameter_parameter_id_key" ON "parameter"("parameter_id");
CREATE INDEX "parameter_section_idx" ON "parameter"("section");
