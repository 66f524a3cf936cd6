-- Brings the beta's tables in line with what the service had come to expect of them.

-- AlterTable
ALTER TABLE "Draft" RENAME COLUMN "body" TO "content";
ALTER TABLE "Draft"
    ADD COLUMN "state" TEXT NOT NULL DEFAULT 'open',
    ADD COLUMN "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "Subscription"
    ADD COLUMN "cancelledAt" TIMESTAMP(3),
    ADD COLUMN "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable: money is counted in cents.
ALTER TABLE "Invoice" ALTER COLUMN "amount" TYPE INTEGER USING round("amount" * 100)::integer;
ALTER TABLE "Invoice" RENAME COLUMN "amount" TO "amountCents";

-- AlterTable
ALTER TABLE "UsageRecord" RENAME COLUMN "ts" TO "recordedAt";
ALTER TABLE "UsageRecord" ALTER COLUMN "quantity" TYPE BIGINT;

-- AlterTable: payloads were JSON all along.
ALTER TABLE "AgentJob" ALTER COLUMN "payload" DROP DEFAULT;
ALTER TABLE "AgentJob" ALTER COLUMN "payload" TYPE JSONB USING "payload"::jsonb;
ALTER TABLE "AgentJob" ALTER COLUMN "payload" SET DEFAULT '{}';
ALTER TABLE "AgentJob"
    ADD COLUMN "startedAt" TIMESTAMP(3),
    ADD COLUMN "finishedAt" TIMESTAMP(3),
    ADD COLUMN "error" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "Subscription_userId_key" ON "Subscription"("userId");

-- CreateIndex
CREATE INDEX "UsageRecord_userId_recordedAt_idx" ON "UsageRecord"("userId", "recordedAt");
