-- CreateTable
CREATE TABLE "caller" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "name" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "domain_id" TEXT,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "caller_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "caller_domain_id_fkey" FOREIGN KEY ("domain_id") REFERENCES "domain"("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "caller_domain_id_idx" ON "caller"("domain_id");
