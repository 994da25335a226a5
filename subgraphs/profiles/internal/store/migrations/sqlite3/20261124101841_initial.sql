-- Create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`id` text NOT NULL, `body_hash` text NOT NULL, `profile_id` uuid NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "idempotencykey_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotencykey_created_at` ON `idempotency_keys` (`created_at`);
-- Create "outbox_records" table
CREATE TABLE `outbox_records` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `event_id` uuid NOT NULL, `queue` text NOT NULL, `kind` text NOT NULL, `profile_id` uuid NOT NULL, `version` integer NOT NULL, `name` text NOT NULL DEFAULT (''), `email` text NOT NULL DEFAULT (''), `traceparent` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `next_at` datetime NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `published_at` datetime NULL);
-- Create index "outbox_records_event_id_key" to table: "outbox_records"
CREATE UNIQUE INDEX `outbox_records_event_id_key` ON `outbox_records` (`event_id`);
-- Create index "outboxrecord_queue_id" to table: "outbox_records"
CREATE INDEX `outboxrecord_queue_id` ON `outbox_records` (`queue`, `id`) WHERE published_at IS NULL;
-- Create index "outboxrecord_profile_id_queue_id" to table: "outbox_records"
CREATE INDEX `outboxrecord_profile_id_queue_id` ON `outbox_records` (`profile_id`, `queue`, `id`) WHERE published_at IS NULL;
-- Create index "outboxrecord_published_at" to table: "outbox_records"
CREATE INDEX `outboxrecord_published_at` ON `outbox_records` (`published_at`);
-- Create "profiles" table
CREATE TABLE `profiles` (`id` uuid NOT NULL, `name` text NOT NULL, `email` text NOT NULL, `email_key` text NOT NULL, `address` text NOT NULL, `date_of_birth` datetime NOT NULL, `registered_date` datetime NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "profiles_email_key_key" to table: "profiles"
CREATE UNIQUE INDEX `profiles_email_key_key` ON `profiles` (`email_key`);
-- Create index "profile_created_at_id" to table: "profiles"
CREATE INDEX `profile_created_at_id` ON `profiles` (`created_at`, `id`);
-- Create index "profile_name_id" to table: "profiles"
CREATE INDEX `profile_name_id` ON `profiles` (`name`, `id`);
-- Create index "profile_date_of_birth_id" to table: "profiles"
CREATE INDEX `profile_date_of_birth_id` ON `profiles` (`date_of_birth`, `id`);
-- Create index "profile_registered_date_id" to table: "profiles"
CREATE INDEX `profile_registered_date_id` ON `profiles` (`registered_date`, `id`);
