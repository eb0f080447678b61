-- Leaves exactly one row that reads 0 in the lock table :table. An UPDATE would not do: two rows that both read 0 lock for
-- ever. Runs in one transaction, and fails at once if somebody holds the table.
LOCK TABLE :table IN ACCESS EXCLUSIVE MODE NOWAIT;
DELETE FROM :table;
INSERT INTO :table (is_locked) VALUES (0);
