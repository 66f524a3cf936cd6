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
  role VARCHAR(40) NOT NULL,
  permission VARCHAR(60) NOT NULL,
  PRIMARY KEY (role, permission),
  FOREIGN KEY (role) REFERENCES roles (code),
  FOREIGN KEY (permission) REFERENCES permissions (code)
);

CREATE TABLE user_roles (
  user_id CHAR(36) NOT NULL,
  role VARCHAR(40) NOT NULL,
  PRIMARY KEY (user_id, role),
  FOREIGN KEY (user_id) REFERENCES users (id),
  FOREIGN KEY (role) REFERENCES roles (code)
);

CREATE TABLE module_settings (
  module VARCHAR(40) NOT NULL,
  name VARCHAR(60) NOT NULL,
  value VARCHAR(120) NOT NULL,
  PRIMARY KEY (module, name)
);
