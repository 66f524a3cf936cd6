-- The raw document of every spec, kept so that the admin screens can show what a row was derived from.
CREATE TABLE "bdd_feature_set" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "feature_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "spec_type" TEXT,
    "raw_spec" JSON NOT NULL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "bdd_feature_set_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "bdd_feature_set_feature_id_key" ON "bdd_feature_set"("feature_id");
