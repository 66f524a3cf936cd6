-- The dictionary page lists the latest observations of one parameter.
CREATE INDEX "observation_parameter_id_created_at_idx" ON "observation"("parameter_id", "created_at");
