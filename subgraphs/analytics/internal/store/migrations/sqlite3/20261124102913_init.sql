-- Create "applieds" table
CREATE TABLE `applieds` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `partition` integer NOT NULL, `next` integer NOT NULL);
-- Create index "applieds_partition_key" to table: "applieds"
CREATE UNIQUE INDEX `applieds_partition_key` ON `applieds` (`partition`);
-- Create "dailies" table
CREATE TABLE `dailies` (`id` text NOT NULL, `created` integer NOT NULL DEFAULT (0), `updated` integer NOT NULL DEFAULT (0), `deleted` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- Create "dead_letters" table
CREATE TABLE `dead_letters` (`id` text NOT NULL, `at` integer NOT NULL, `topic` text NOT NULL, `partition` integer NOT NULL, `offset` integer NOT NULL, `cause` text NOT NULL, PRIMARY KEY (`id`));
-- Create index "deadletter_at_id" to table: "dead_letters"
CREATE INDEX `deadletter_at_id` ON `dead_letters` (`at`, `id`);
-- Create "events" table
CREATE TABLE `events` (`id` text NOT NULL, `type` text NOT NULL, `profile_id` text NOT NULL, `at` integer NOT NULL, `version` integer NULL, `partition` integer NOT NULL, `offset` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "event_at_id" to table: "events"
CREATE INDEX `event_at_id` ON `events` (`at`, `id`);
-- Create index "event_partition_offset" to table: "events"
CREATE UNIQUE INDEX `event_partition_offset` ON `events` (`partition`, `offset`);
-- Create index "event_profile_id_at_id" to table: "events"
CREATE INDEX `event_profile_id_at_id` ON `events` (`profile_id`, `at`, `id`);
-- Create "profile_states" table
CREATE TABLE `profile_states` (`id` text NOT NULL, `deleted` bool NOT NULL, PRIMARY KEY (`id`));
-- Create "totals" table
CREATE TABLE `totals` (`id` text NOT NULL, `value` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
