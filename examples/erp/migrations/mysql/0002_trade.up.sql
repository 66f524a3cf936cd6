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
  product_id CHAR(36) NOT NULL,
  vendor_id CHAR(36) NOT NULL,
  received_on DATE NOT NULL,
  quantity INTEGER NOT NULL,
  unit_cost DECIMAL(12, 2) NOT NULL,
  FOREIGN KEY (product_id) REFERENCES products (id),
  FOREIGN KEY (vendor_id) REFERENCES vendors (id)
);

CREATE TABLE orders (
  id CHAR(36) NOT NULL PRIMARY KEY,
  number VARCHAR(20) NOT NULL UNIQUE,
  client_id CHAR(36) NOT NULL,
  status VARCHAR(20) NOT NULL,
  ordered_on DATE NOT NULL,
  shipped_on DATE,
  total DECIMAL(12, 2) NOT NULL,
  FOREIGN KEY (client_id) REFERENCES clients (id)
);

CREATE TABLE order_line_items (
  id CHAR(36) NOT NULL PRIMARY KEY,
  order_id CHAR(36) NOT NULL,
  position INTEGER NOT NULL,
  batch_id CHAR(36) NOT NULL,
  quantity INTEGER NOT NULL,
  unit_price DECIMAL(12, 2) NOT NULL,
  amount DECIMAL(12, 2) NOT NULL,
  UNIQUE (order_id, position),
  FOREIGN KEY (order_id) REFERENCES orders (id),
  FOREIGN KEY (batch_id) REFERENCES batches (id)
);

CREATE TABLE invoices (
  id CHAR(36) NOT NULL PRIMARY KEY,
  number VARCHAR(20) NOT NULL UNIQUE,
  order_id CHAR(36) NOT NULL UNIQUE,
  client_id CHAR(36) NOT NULL,
  issued_on DATE NOT NULL,
  due_on DATE NOT NULL,
  status VARCHAR(20) NOT NULL,
  total DECIMAL(12, 2) NOT NULL,
  paid DECIMAL(12, 2) NOT NULL,
  FOREIGN KEY (order_id) REFERENCES orders (id),
  FOREIGN KEY (client_id) REFERENCES clients (id)
);

CREATE TABLE invoice_line_items (
  id CHAR(36) NOT NULL PRIMARY KEY,
  invoice_id CHAR(36) NOT NULL,
  position INTEGER NOT NULL,
  description VARCHAR(160) NOT NULL,
  quantity INTEGER NOT NULL,
  amount DECIMAL(12, 2) NOT NULL,
  UNIQUE (invoice_id, position),
  FOREIGN KEY (invoice_id) REFERENCES invoices (id)
);

CREATE TABLE payments (
  id CHAR(36) NOT NULL PRIMARY KEY,
  reference VARCHAR(20) NOT NULL UNIQUE,
  invoice_id CHAR(36) NOT NULL,
  received_on DATE NOT NULL,
  method VARCHAR(20) NOT NULL,
  amount DECIMAL(12, 2) NOT NULL CHECK (amount > 0),
  FOREIGN KEY (invoice_id) REFERENCES invoices (id)
);

CREATE TABLE notes (
  id CHAR(36) NOT NULL PRIMARY KEY,
  user_id CHAR(36) NOT NULL,
  client_id CHAR(36),
  text VARCHAR(400) NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id),
  FOREIGN KEY (client_id) REFERENCES clients (id)
);
