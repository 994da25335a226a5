-- Create "accounts" table
CREATE TABLE `accounts` (`id` uuid NOT NULL, `profile_id` text NOT NULL, `status` text NOT NULL, `currency` text NOT NULL, `balance` integer NOT NULL DEFAULT (0), `created_at` datetime NOT NULL, `closed_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "accounts_profile_id_key" to table: "accounts"
CREATE UNIQUE INDEX `accounts_profile_id_key` ON `accounts` (`profile_id`);
-- Create index "account_status_id" to table: "accounts"
CREATE INDEX `account_status_id` ON `accounts` (`status`, `id`);
-- Create "entries" table
CREATE TABLE `entries` (`id` uuid NOT NULL, `account_id` uuid NOT NULL, `kind` text NOT NULL, `amount` integer NOT NULL, `description` text NOT NULL, `method` text NULL, `idempotency_key` text NULL, `at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "entry_account_id_id" to table: "entries"
CREATE INDEX `entry_account_id_id` ON `entries` (`account_id`, `id`);
-- Create index "entry_account_id_idempotency_key" to table: "entries"
CREATE UNIQUE INDEX `entry_account_id_idempotency_key` ON `entries` (`account_id`, `idempotency_key`);
