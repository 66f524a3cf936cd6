-- CreateTable
CREATE TABLE "call" (
    "id" TEXT NOT NULL DEFAULT gen_random_uuid()::text,
    "caller_id" TEXT NOT NULL,
    "source" TEXT NOT NULL DEFAULT 'phone',
    "transcript" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "duration_seconds" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "call_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "call_caller_id_fkey" FOREIGN KEY ("caller_id") REFERENCES "caller"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "call_caller_id_started_at_idx" ON "call"("caller_id", "started_at");
