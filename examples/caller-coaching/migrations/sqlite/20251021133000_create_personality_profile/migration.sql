-- CreateTable
CREATE TABLE "personality_profile" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "caller_id" TEXT NOT NULL,
    "traits" JSON NOT NULL DEFAULT '{}',
    "calls_seen" INTEGER NOT NULL DEFAULT 0,
    "confidence" REAL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "personality_profile_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "personality_profile_caller_id_fkey" FOREIGN KEY ("caller_id") REFERENCES "caller"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "personality_profile_caller_id_key" ON "personality_profile"("caller_id");
