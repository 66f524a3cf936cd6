-- AlterTable
ALTER TABLE "system_setting" ADD COLUMN "description" TEXT;
ALTER TABLE "system_setting" ADD COLUMN "version" TEXT;
