-- Built beside live traffic: one statement, because it cannot run inside a transaction.
CREATE INDEX CONCURRENTLY "observation_parameter_id_created_at_idx" ON "observation"("parameter_id", "created_at");
