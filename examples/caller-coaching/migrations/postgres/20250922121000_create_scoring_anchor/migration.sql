-- CreateTable
CREATE TABLE "scoring_anchor" (
    "id" TEXT NOT NULL DEFAULT gen_random_uuid()::text,
    "parameter_id" TEXT NOT NULL,
    "spec_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "score" DOUBLE PRECISION NOT NULL DEFAULT 0.5,
    "example" TEXT NOT NULL,
    "rationale" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "scoring_anchor_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "scoring_anchor_parameter_id_fkey" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "scoring_anchor_spec_id_fkey" FOREIGN KEY ("spec_id") REFERENCES "analysis_spec"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "scoring_anchor_parameter_id_spec_id_position_key" ON "scoring_anchor"("parameter_id", "spec_id", "position");
