-- CreateTable
CREATE TABLE "system_setting" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "key" TEXT NOT NULL,
    "value" JSON NOT NULL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "system_setting_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "system_setting_key_key" ON "system_setting"("key");
