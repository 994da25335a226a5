-- Create "audit_entries" table
CREATE TABLE `audit_entries` (`id` uuid NOT NULL, `at` datetime NOT NULL, `action` text NOT NULL, `actor_id` uuid NULL, `subject_id` uuid NULL, `client_address` text NULL, PRIMARY KEY (`id`));
-- Create index "auditentry_at" to table: "audit_entries"
CREATE INDEX `auditentry_at` ON `audit_entries` (`at`);
-- Create index "auditentry_actor_id_id" to table: "audit_entries"
CREATE INDEX `auditentry_actor_id_id` ON `audit_entries` (`actor_id`, `id`);
-- Create index "auditentry_subject_id_id" to table: "audit_entries"
CREATE INDEX `auditentry_subject_id_id` ON `audit_entries` (`subject_id`, `id`);
-- Create index "auditentry_action_id" to table: "audit_entries"
CREATE INDEX `auditentry_action_id` ON `audit_entries` (`action`, `id`);
-- Create "failure_counts" table
CREATE TABLE `failure_counts` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `account` text NOT NULL, `address` text NOT NULL, `failures` integer NOT NULL DEFAULT (0), `expires_at` datetime NOT NULL);
-- Create index "failurecount_account_address" to table: "failure_counts"
CREATE UNIQUE INDEX `failurecount_account_address` ON `failure_counts` (`account`, `address`);
-- Create index "failurecount_expires_at" to table: "failure_counts"
CREATE INDEX `failurecount_expires_at` ON `failure_counts` (`expires_at`);
-- Create "users" table
CREATE TABLE `users` (`id` uuid NOT NULL, `email` text NOT NULL, `password_hash` text NOT NULL, `role` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_login_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "users_email_key" to table: "users"
CREATE UNIQUE INDEX `users_email_key` ON `users` (`email`);
