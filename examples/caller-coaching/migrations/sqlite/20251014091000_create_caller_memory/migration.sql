-- CreateTable
CREATE TABLE "caller_memory" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "caller_id" TEXT NOT NULL,
    "call_id" TEXT,
    "category" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "confidence" REAL NOT NULL DEFAULT 0.5,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "caller_memory_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "caller_memory_caller_id_fkey" FOREIGN KEY ("caller_id") REFERENCES "caller"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "caller_memory_call_id_fkey" FOREIGN KEY ("call_id") REFERENCES "call"("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "caller_memory_caller_id_category_key_key" ON "caller_memory"("caller_id", "category", "key");
