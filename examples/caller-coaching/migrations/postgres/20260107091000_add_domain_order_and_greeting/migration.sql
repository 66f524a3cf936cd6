-- AlterTable
ALTER TABLE "domain" ADD COLUMN "sort_order" INTEGER NOT NULL DEFAULT 100;
ALTER TABLE "domain" ADD COLUMN "greeting" TEXT;

-- CreateIndex
CREATE INDEX "domain_sort_order_idx" ON "domain"("sort_order");
