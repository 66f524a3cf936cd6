UPDATE counter SET n = n + 1 WHERE name = 'whole';
ALTER TABLE item ADD COLUMN size INTEGER, ADD COLUMN note TEXT DEFAULT 'none', ALTER COLUMN label SET NOT NULL;
CREATE VIEW big AS SELECT id FROM item WHERE size > 3;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'stamped'; RETURN NEW; END $$;
CREATE TRIGGER item_stamp BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION stamp();
SELECT pg_catalog.set_config('search_path', '', false);
INSERT INTO public.item (id, label) VALUES (4, 'w');
