-- Embeddings become vectors of 1536 dimensions, with indexes for the nearest by cosine, and what is asked over time gets
-- indexes by time. The date in the name is that of the migration before: it is the whole name that tells the two apart.

-- AlterTable: arrays of the right length are cast; one of any other length stops the migration, and nothing is kept of it.
ALTER TABLE "brand_voices" ALTER COLUMN "embedding" TYPE vector(1536) USING "embedding"::vector(1536);

-- AlterTable
ALTER TABLE "messages" ALTER COLUMN "embedding" TYPE vector(1536) USING "embedding"::vector(1536);

-- AlterTable
ALTER TABLE "chunks" ALTER COLUMN "embedding" TYPE vector(1536) USING "embedding"::vector(1536);

-- CreateIndex: lists are made of what is there by now. Build these again (REINDEX) when the first real embeddings are in, or
-- the nearest ones are often missed.
CREATE INDEX "brand_voices_embedding_cosine_idx" ON "brand_voices" USING ivfflat ("embedding" vector_cosine_ops) WITH (lists = 100);

-- CreateIndex
CREATE INDEX "messages_embedding_cosine_idx" ON "messages" USING ivfflat ("embedding" vector_cosine_ops) WITH (lists = 100);

-- CreateIndex
CREATE INDEX "chunks_embedding_cosine_idx" ON "chunks" USING ivfflat ("embedding" vector_cosine_ops) WITH (lists = 100);

-- AlterTable: the word that every other table uses.
ALTER TABLE "campaign_metrics" RENAME COLUMN "ts" TO "timestamp";

-- CreateIndex
CREATE INDEX "agent_runs_agentId_startedAt_idx" ON "agent_runs"("agentId", "startedAt");

-- CreateIndex
CREATE INDEX "campaign_metrics_campaignId_kind_timestamp_idx" ON "campaign_metrics"("campaignId", "kind", "timestamp");

-- CreateIndex
CREATE INDEX "messages_conversationId_createdAt_idx" ON "messages"("conversationId", "createdAt");
