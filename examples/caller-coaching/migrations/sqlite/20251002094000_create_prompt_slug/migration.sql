-- CreateTable
CREATE TABLE "prompt_slug" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "parameter_id" TEXT,
    "spec_id" TEXT,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "prompt_slug_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "prompt_slug_parameter_id_fkey" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "prompt_slug_spec_id_fkey" FOREIGN KEY ("spec_id") REFERENCES "analysis_spec"("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "prompt_slug_slug_key" ON "prompt_slug"("slug");

-- CreateTable
CREATE TABLE "prompt_slug_range" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "prompt_slug_id" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "min_value" REAL NOT NULL,
    "max_value" REAL NOT NULL,
    "prompt" TEXT NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "prompt_slug_range_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "prompt_slug_range_prompt_slug_id_fkey" FOREIGN KEY ("prompt_slug_id") REFERENCES "prompt_slug"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "prompt_slug_range_prompt_slug_id_label_key" ON "prompt_slug_range"("prompt_slug_id", "label");
