-- Each service owns its database.
CREATE DATABASE medicore_auth;
CREATE DATABASE medicore_profiles;
CREATE DATABASE medicore_billing;
CREATE DATABASE medicore_analytics;
