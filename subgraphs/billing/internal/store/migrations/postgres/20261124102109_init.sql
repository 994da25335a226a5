-- Create "accounts" table
CREATE TABLE "accounts" ("id" uuid NOT NULL, "profile_id" character varying NOT NULL, "status" character varying NOT NULL, "currency" character varying NOT NULL, "balance" bigint NOT NULL DEFAULT 0, "created_at" timestamptz NOT NULL, "closed_at" timestamptz NULL, PRIMARY KEY ("id"));
-- Create index "account_status_id" to table: "accounts"
CREATE INDEX "account_status_id" ON "accounts" ("status", "id");
-- Create index "accounts_profile_id_key" to table: "accounts"
CREATE UNIQUE INDEX "accounts_profile_id_key" ON "accounts" ("profile_id");
-- Create "entries" table
CREATE TABLE "entries" ("id" uuid NOT NULL, "account_id" uuid NOT NULL, "kind" character varying NOT NULL, "amount" bigint NOT NULL, "description" character varying NOT NULL, "method" character varying NULL, "idempotency_key" character varying NULL, "at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "entry_account_id_id" to table: "entries"
CREATE INDEX "entry_account_id_id" ON "entries" ("account_id", "id");
-- Create index "entry_account_id_idempotency_key" to table: "entries"
CREATE UNIQUE INDEX "entry_account_id_idempotency_key" ON "entries" ("account_id", "idempotency_key");
