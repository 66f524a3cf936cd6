-- CreateTable
CREATE TABLE "observation" (
    "id" TEXT NOT NULL DEFAULT gen_random_uuid()::text,
    "call_id" TEXT NOT NULL,
    "parameter_id" TEXT NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "confidence" DOUBLE PRECISION NOT NULL DEFAULT 0.5,
    "evidence" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "observation_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "observation_call_id_fkey" FOREIGN KEY ("call_id") REFERENCES "call"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "observation_parameter_id_fkey" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "observation_call_id_parameter_id_key" ON "observation"("call_id", "parameter_id");
