-- The telephony provider's id for the person on the line; unknown for callers typed in by hand.
ALTER TABLE "caller" ADD COLUMN "external_id" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "caller_external_id_key" ON "caller"("external_id");
CREATE INDEX "caller_phone_idx" ON "caller"("phone");
