CREATE TABLE users (
  id CHAR(36) NOT NULL PRIMARY KEY,
  email VARCHAR(160) NOT NULL UNIQUE,
  name VARCHAR(120) NOT NULL
);

CREATE TABLE roles (
  code VARCHAR(40) NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL
);

CREATE TABLE permissions (
  code VARCHAR(60) NOT NULL PRIMARY KEY,
  description VARCHAR(160) NOT NULL
);

CREATE TABLE role_permissions (
  role VARCHAR(40) NOT NULL REFERENCES roles (code),
  permission VARCHAR(60) NOT NULL REFERENCES permissions (code),
  PRIMARY KEY (role, permission)
);

CREATE TABLE user_roles (
  user_id CHAR(36) NOT NULL REFERENCES users (id),
  role VARCHAR(40) NOT NULL REFERENCES roles (code),
  PRIMARY KEY (user_id, role)
);

CREATE TABLE module_settings (
  module VARCHAR(40) NOT NULL,
  name VARCHAR(60) NOT NULL,
  value VARCHAR(120) NOT NULL,
  PRIMARY KEY (module, name)
);
