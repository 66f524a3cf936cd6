-- Edits arrive from the admin screens, from seeding and from psql; only the database sees all of them.
CREATE FUNCTION "touch_updated_at"() RETURNS TRIGGER AS $$
BEGIN
    IF NEW."updated_at" = OLD."updated_at" THEN
        NEW."updated_at" := clock_timestamp();
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER "analysis_spec_touch_updated_at" BEFORE UPDATE ON "analysis_spec"
    FOR EACH ROW EXECUTE FUNCTION "touch_updated_at"();
CREATE TRIGGER "parameter_touch_updated_at" BEFORE UPDATE ON "parameter"
    FOR EACH ROW EXECUTE FUNCTION "touch_updated_at"();
CREATE TRIGGER "prompt_slug_touch_updated_at" BEFORE UPDATE ON "prompt_slug"
    FOR EACH ROW EXECUTE FUNCTION "touch_updated_at"();
CREATE TRIGGER "system_setting_touch_updated_at" BEFORE UPDATE ON "system_setting"
    FOR EACH ROW EXECUTE FUNCTION "touch_updated_at"();
CREATE TRIGGER "domain_touch_updated_at" BEFORE UPDATE ON "domain"
    FOR EACH ROW EXECUTE FUNCTION "touch_updated_at"();
