-- CreateTable
CREATE TABLE "personality_profile" (
    "id" TEXT NOT NULL DEFAULT gen_random_uuid()::text,
    "caller_id" TEXT NOT NULL,
    "traits" JSONB NOT NULL DEFAULT '{}'::jsonb,
    "calls_seen" INTEGER NOT NULL DEFAULT 0,
    "confidence" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "personality_profile_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "personality_profile_caller_id_fkey" FOREIGN KEY ("caller_id") REFERENCES "caller"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "personality_profile_caller_id_key" ON "personality_profile"("caller_id");
