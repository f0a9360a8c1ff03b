-- One read as Backlot sends it: the instance's name and the statement, in one flight.
-- crates/store/src/postgres/tenant.rs (NAME) and crates/store/src/postgres/items/mod.rs (GET)
\set number random(0, :last)
\startpipeline
SELECT set_config('backlot.instance_id', :instance, false);
SELECT sequence, item_id, owner, data, field_order FROM items
WHERE instance_id = :instance AND collection = :collection AND item_id = :number;
\endpipeline
