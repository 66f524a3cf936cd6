-- CreateTable
CREATE TABLE "analysis_trigger" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "spec_id" TEXT NOT NULL,
    "trigger_key" TEXT NOT NULL,
    "title" TEXT,
    "given" TEXT,
    "when_text" TEXT,
    "then_text" TEXT,
    "position" INTEGER NOT NULL DEFAULT 0,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "analysis_trigger_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "analysis_trigger_spec_id_fkey" FOREIGN KEY ("spec_id") REFERENCES "analysis_spec"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "analysis_trigger_trigger_key_key" ON "analysis_trigger"("trigger_key");
CREATE INDEX "analysis_trigger_spec_id_idx" ON "analysis_trigger"("spec_id");

-- CreateTable
CREATE TABLE "analysis_action" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "trigger_id" TEXT NOT NULL,
    "action_key" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "parameter_id" TEXT,
    "position" INTEGER NOT NULL DEFAULT 0,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "analysis_action_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "analysis_action_trigger_id_fkey" FOREIGN KEY ("trigger_id") REFERENCES "analysis_trigger"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "analysis_action_parameter_id_fkey" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "analysis_action_trigger_id_action_key_key" ON "analysis_action"("trigger_id", "action_key");
