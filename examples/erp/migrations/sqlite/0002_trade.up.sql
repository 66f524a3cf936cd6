CREATE TABLE vendors (
  id CHAR(36) NOT NULL PRIMARY KEY,
  code VARCHAR(20) NOT NULL UNIQUE,
  name VARCHAR(120) NOT NULL,
  city VARCHAR(80) NOT NULL,
  phone VARCHAR(40) NOT NULL,
  since DATE NOT NULL
);

CREATE TABLE clients (
  id CHAR(36) NOT NULL PRIMARY KEY,
  code VARCHAR(20) NOT NULL UNIQUE,
  name VARCHAR(120) NOT NULL,
  contact VARCHAR(120) NOT NULL,
  email VARCHAR(160) NOT NULL UNIQUE,
  street VARCHAR(120) NOT NULL,
  city VARCHAR(80) NOT NULL,
  payment_days INTEGER NOT NULL,
  credit_limit DECIMAL(12, 2) NOT NULL,
  since DATE NOT NULL
);

CREATE TABLE products (
  id CHAR(36) NOT NULL PRIMARY KEY,
  sku VARCHAR(20) NOT NULL UNIQUE,
  name VARCHAR(120) NOT NULL,
  category VARCHAR(40) NOT NULL,
  price DECIMAL(12, 2) NOT NULL,
  is_active BOOLEAN NOT NULL
);

CREATE TABLE batches (
  id CHAR(36) NOT NULL PRIMARY KEY,
  number VARCHAR(20) NOT NULL UNIQUE,
  product_id CHAR(36) NOT NULL REFERENCES products (id),
  vendor_id CHAR(36) NOT NULL REFERENCES vendors (id),
  received_on DATE NOT NULL,
  quantity INTEGER NOT NULL,
  unit_cost DECIMAL(12, 2) NOT NULL
);

CREATE TABLE orders (
  id CHAR(36) NOT NULL PRIMARY KEY,
  number VARCHAR(20) NOT NULL UNIQUE,
  client_id CHAR(36) NOT NULL REFERENCES clients (id),
  status VARCHAR(20) NOT NULL,
  ordered_on DATE NOT NULL,
  shipped_on DATE,
  total DECIMAL(12, 2) NOT NULL
);

CREATE TABLE order_line_items (
  id CHAR(36) NOT NULL PRIMARY KEY,
  order_id CHAR(36) NOT NULL REFERENCES orders (id),
  position INTEGER NOT NULL,
  batch_id CHAR(36) NOT NULL REFERENCES batches (id),
  quantity INTEGER NOT NULL,
  unit_price DECIMAL(12, 2) NOT NULL,
  amount DECIMAL(12, 2) NOT NULL,
  UNIQUE (order_id, position)
);

CREATE TABLE invoices (
  id CHAR(36) NOT NULL PRIMARY KEY,
  number VARCHAR(20) NOT NULL UNIQUE,
  order_id CHAR(36) NOT NULL UNIQUE REFERENCES orders (id),
  client_id CHAR(36) NOT NULL REFERENCES clients (id),
  issued_on DATE NOT NULL,
  due_on DATE NOT NULL,
  status VARCHAR(20) NOT NULL,
  total DECIMAL(12, 2) NOT NULL,
  paid DECIMAL(12, 2) NOT NULL
);

CREATE TABLE invoice_line_items (
  id CHAR(36) NOT NULL PRIMARY KEY,
  invoice_id CHAR(36) NOT NULL REFERENCES invoices (id),
  position INTEGER NOT NULL,
  description VARCHAR(160) NOT NULL,
  quantity INTEGER NOT NULL,
  amount DECIMAL(12, 2) NOT NULL,
  UNIQUE (invoice_id, position)
);

CREATE TABLE payments (
  id CHAR(36) NOT NULL PRIMARY KEY,
  reference VARCHAR(20) NOT NULL UNIQUE,
  invoice_id CHAR(36) NOT NULL REFERENCES invoices (id),
  received_on DATE NOT NULL,
  method VARCHAR(20) NOT NULL,
  amount DECIMAL(12, 2) NOT NULL CHECK (amount > 0)
);

CREATE TABLE notes (
  id CHAR(36) NOT NULL PRIMARY KEY,
  user_id CHAR(36) NOT NULL REFERENCES users (id),
  client_id CHAR(36) REFERENCES clients (id),
  text VARCHAR(400) NOT NULL
);
