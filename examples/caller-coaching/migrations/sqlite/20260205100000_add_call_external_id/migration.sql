-- One import of the same recording, however often it is repeated.
ALTER TABLE "call" ADD COLUMN "external_id" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "call_external_id_key" ON "call"("external_id");
