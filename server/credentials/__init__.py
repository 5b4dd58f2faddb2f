"""Who a credential belongs to: gateway keys by their hash, tokens by their signature, tenants by their status."""
