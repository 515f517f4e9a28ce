from .environment import doctor as doctor
from .errors import CrysnbError as CrysnbError
from .errors import DeviceMemory as DeviceMemory
from .errors import DisorderedStructure as DisorderedStructure
from .errors import MissingExtra as MissingExtra
from .errors import OutOfDomain as OutOfDomain
from .errors import ShapeError as ShapeError
from .errors import StructureError as StructureError
from .errors import SymmetryUndetermined as SymmetryUndetermined
from .errors import UnknownName as UnknownName
from .errors import WeightsCorrupt as WeightsCorrupt
from .errors import WeightsMissing as WeightsMissing
from .structure.examples import examples as examples
from .structure.read import as_structure as as_structure
from .symmetry.detect import symmetry as symmetry
from .symmetry.idealize import idealize as idealize

__version__: str
