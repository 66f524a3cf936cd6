-- New callers land in the default domain; two of them would make that a matter of luck.
CREATE UNIQUE INDEX "domain_one_default_key" ON "domain"("is_default") WHERE "is_default";
