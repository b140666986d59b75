"""What people see."""

from fastapi import APIRouter

router = APIRouter()
