-- CreateTable
CREATE TABLE "observation" (
    "id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    "call_id" TEXT NOT NULL,
    "parameter_id" TEXT NOT NULL,
    "score" REAL NOT NULL,
    "confidence" REAL NOT NULL DEFAULT 0.5,
    "evidence" JSON,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "observation_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "observation_call_id_fkey" FOREIGN KEY ("call_id") REFERENCES "call"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "observation_parameter_id_fkey" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "observation_call_id_parameter_id_key" ON "observation"("call_id", "parameter_id");
