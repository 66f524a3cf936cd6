-- Edits arrive from the admin screens, from seeding and from the shell; only the database sees all of them.
CREATE TRIGGER "analysis_spec_touch_updated_at" AFTER UPDATE ON "analysis_spec"
FOR EACH ROW WHEN NEW."updated_at" = OLD."updated_at"
BEGIN
    UPDATE "analysis_spec" SET "updated_at" = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE "id" = NEW."id";
END;

CREATE TRIGGER "parameter_touch_updated_at" AFTER UPDATE ON "parameter"
FOR EACH ROW WHEN NEW."updated_at" = OLD."updated_at"
BEGIN
    UPDATE "parameter" SET "updated_at" = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE "id" = NEW."id";
END;

CREATE TRIGGER "prompt_slug_touch_updated_at" AFTER UPDATE ON "prompt_slug"
FOR EACH ROW WHEN NEW."updated_at" = OLD."updated_at"
BEGIN
    UPDATE "prompt_slug" SET "updated_at" = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE "id" = NEW."id";
END;

CREATE TRIGGER "system_setting_touch_updated_at" AFTER UPDATE ON "system_setting"
FOR EACH ROW WHEN NEW."updated_at" = OLD."updated_at"
BEGIN
    UPDATE "system_setting" SET "updated_at" = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE "id" = NEW."id";
END;

CREATE TRIGGER "domain_touch_updated_at" AFTER UPDATE ON "domain"
FOR EACH ROW WHEN NEW."updated_at" = OLD."updated_at"
BEGIN
    UPDATE "domain" SET "updated_at" = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE "id" = NEW."id";
END;
