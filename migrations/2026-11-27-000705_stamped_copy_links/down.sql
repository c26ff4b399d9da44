DROP TABLE stamped_copy_links;
