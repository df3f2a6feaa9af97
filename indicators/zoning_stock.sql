-- titre: Stock par zonage
-- title: Stock by zoning
-- définition: terrain de chaque territoire par genre de zone (U, AUc, AUs, A, N d'un document
--   d'urbanisme, ou le genre que donne la couche), hors de toute zone compris (genre vide et zones = 0) :
--   les lignes d'un zonage font le territoire, exactement. La part est celle du terrain couvert.
-- definition: ground of every territory by kind of zone (U, AUc, AUs, A, N of a planning document, or
--   the kind that the layer gives), what is outside all zones included (empty kind, zones = 0): the rows
--   of a zoning make the territory, exactly. The share is of covered ground.
-- source: les couches de [[crossings]] ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: crossed_stock
-- unit: m², part de 0 à 1
-- columns: series, crossing, zone_kind, commune, departement, year, zones, area_m2, covered_m2,
--   artificial_m2, artificial_share, impermeable_m2
WITH sums AS (
  SELECT
    series, crossing, COALESCE(zone_kind, '') AS zone_kind, zone IS NOT NULL AS is_zone,
    commune, departement, year,
    COUNT(DISTINCT zone) AS zones,
    SUM(area_half_cm2) AS area,
    SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END) AS covered,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial,
    SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable
  FROM crossed_stock
  GROUP BY series, crossing, COALESCE(zone_kind, ''), zone IS NOT NULL, commune, departement, year
)
SELECT
  series, crossing, zone_kind, commune, departement, year,
  CASE WHEN is_zone THEN zones ELSE 0 END AS zones,
  area AS area_half_cm2,
  covered AS covered_half_cm2,
  artificial AS artificial_half_cm2,
  CASE WHEN covered > 0 THEN CAST(artificial AS DOUBLE) / covered END AS artificial_share,
  impermeable AS impermeable_half_cm2
FROM sums
ORDER BY series, crossing, departement, commune, year, zone_kind, is_zone
