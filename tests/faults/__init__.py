"""What must hold when things break: processes killed, disks full, hostile bytes."""
